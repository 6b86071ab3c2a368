# Of four convolutions the third is not connected: its output gets a new name that nobody uses, so only
# three are on the way from the image to the digits. And the number of updates is still the 10 of a first
# test.
#
# /// label
# cnn = "partial"
# updates = "fail"
#
# [feedback_mentions]
# cnn = ["conv"]
# updates = ["10"]
# ///

# %% cnn
inputs = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d")(inputs)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_1")(x)
x3 = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(x)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(x)
x = layers.Flatten()(x)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(10, activation="softmax")(x)

model = keras.Model(inputs=inputs, outputs=outputs)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
model.evaluate(x_test, y_test, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

gradient_updates = 10  # TODO set back to 50

top = keras.Model(inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(size=(1, 28, 28, 1)), dtype="float32")
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(top(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(grads * step_size)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    p = figure.add_subplot(8, 8, i + 1)
    p.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    p.set_title(f"feature {i}", fontsize=9)
    p.axis("off")

figure.tight_layout()
plt.show()
