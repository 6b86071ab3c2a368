# An interactive figure that shows eight of 32 features, without titles.
#
# /// label
# plot = ["partial", "fail"]
# ///

# %% cnn
digit = layers.Input(shape=(28, 28, 1))
x = digit
for number, filters in enumerate((8, 12, 16, 32)):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv2d_{number}" if number else "conv2d")(x)
    if number % 2:
        x = layers.MaxPooling2D()(x)
model = keras.Model(digit, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

up_to_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(up_to_layer(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
%matplotlib notebook
figure = plt.figure(figsize=(10, 2))
for i in range(8):
    plt.subplot(1, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    plt.axis("off")
plt.show()
