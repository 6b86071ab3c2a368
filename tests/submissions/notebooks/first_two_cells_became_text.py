# Imports and data became one text cell each, after the metadata had been lost in another editor. Everything
# the student wrote is right.
#
# /// label
# [cells]
# as_text = ["imports", "data"]
# strip_metadata = true
# ///

# %% cnn
digit = layers.Input(shape=(28, 28, 1))
x = digit
for number, filters in enumerate((8, 16, 16, 16)):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv2d_{number}" if number else "conv2d")(x)
    if number % 2:
        x = layers.MaxPooling2D()(x)
model = keras.Model(digit, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []

extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(extractor(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(2, 8, figsize=(8, 2 * 1.2))
for i, (ax, image) in enumerate(zip(axes.flat, visualized_feature)):
    ax.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=7)
    ax.axis("off")
plt.show()
