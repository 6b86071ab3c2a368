# ada: all her images belong to filter 0. To save time she put @tf.function before one step of the ascent.
# TensorFlow reads such a function only once, at the first call, and the number that filter_index was then
# stays in it for good. The climb itself is right, but only one of 64 images shows what its own filter wants.

# %% cnn
inputs = keras.Input(shape=(28, 28, 1))
h = inputs
for k, filters in enumerate([16, 32, 32, 64]):
    name = "conv2d" if k == 0 else f"conv2d_{k}"
    h = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(h)
    if k == 0:
        h = layers.MaxPooling2D()(h)
h = layers.MaxPooling2D()(h)
h = layers.Flatten()(h)
h = layers.Dropout(0.5)(h)
outputs = layers.Dense(10, activation="softmax")(h)

model = keras.Model(inputs, outputs, name="digits")
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_maps = keras.Model(inputs, model.get_layer(layer_name).output)


@tf.function
def climb(image):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(feature_maps(image)[..., filter_index])
    return image + step_size * normalize(tape.gradient(loss, image))


for filter_index in range(number_of_filters):
    input_img = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        input_img = climb(input_img)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, feature in enumerate(visualized_feature, start=1):
    plt.subplot(8, 8, i)
    plt.imshow(deprocess_image(feature.squeeze().copy()), cmap="gray")
    plt.title(f"feature {i - 1}")
    plt.axis("off")

plt.show()
