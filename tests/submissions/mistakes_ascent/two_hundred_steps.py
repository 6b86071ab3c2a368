# Finds the images nicer after 200 updates and leaves it at that; the exercise asks for 50. The ascent,
# the filters and the figure are right.
#
# /// label
# updates = "fail"
#
# [feedback_mentions]
# updates = ["50"]
#
# [causes]
# updates = "other_number_of_steps"
# ///

# %% cnn
model = keras.Sequential(name="mnist")
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, kernel_size=5, activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D(pool_size=2))
model.add(layers.Conv2D(12, kernel_size=3, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(16, kernel_size=3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(16, kernel_size=3, activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D(pool_size=2))
model.add(layers.Flatten())
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []
gradient_updates = 200  # the pictures are clearer than with 50

f = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def uphill(x, channel):
    with tf.GradientTape() as t:
        t.watch(x)
        a = tf.reduce_mean(tf.gather(f(x), channel, axis=3))
    return normalize(t.gradient(a, x))


for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    steps = 0
    while steps < gradient_updates:
        input_img.assign_add(step_size * uphill(tf.convert_to_tensor(input_img), tf.constant(filter_index)))
        steps += 1
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(8, 8))
for i, v in enumerate(visualized_feature):
    plt.subplot(4, 4, i + 1)
    plt.title(f"feature {i}")
    plt.imshow(deprocess_image(v.copy()).squeeze(), cmap="gray")
    plt.axis("off")
plt.show()
