# Visualizes one neuron: the activation of the filter in the middle of its map, so that only the receptive field of
# that place gets a pattern and the rest of the image stays noise. The mean over the map was asked for.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["mean"]
#
# [causes]
# objective = "one_place"
# ///

# %% cnn
model = keras.models.Sequential()
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(12, kernel_size=3, activation="leaky_relu", name="conv2d"))
model.add(layers.Conv2D(16, kernel_size=3, activation="leaky_relu", strides=2, name="conv2d_1"))
model.add(layers.Conv2D(20, kernel_size=3, activation="leaky_relu", name="conv2d_2"))
model.add(layers.Conv2D(30, kernel_size=3, activation="leaky_relu", name="conv2d_3"))
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(48, activation="leaky_relu"))
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(
    loss="categorical_crossentropy",
    metrics=["accuracy"],
    optimizer=keras.optimizers.Adam(learning_rate=4e-3),
)
results = model.fit(x_train, y_train, batch_size=32, epochs=14, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 30
visualized_feature = []

layer = model.get_layer(layer_name)
eye = keras.Model(model.inputs, layer.output)
rows, columns = eye.output_shape[1:3]
centre = rows // 2, columns // 2
print("the neuron in the centre of", rows, "x", columns, "is", centre)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform([1, 28, 28, 1]))
    history = []
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            neuron = eye(input_img)[0, centre[0], centre[1], filter_index]
        history.append(float(neuron))
        grads = normalize(tape.gradient(neuron, input_img))
        input_img.assign_add(grads * step_size)
    if not filter_index % 10:
        print(f"{filter_index:3d}: {history[0]:.3f} ... {history[-1]:.3f}")
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axs = plt.subplots(nrows=5, ncols=6, figsize=(9, 8.5), squeeze=False)
for number, image in enumerate(visualized_feature):
    ax = axs[divmod(number, 6)]
    ax.axis("off")
    ax.set_title(f"feature {number}", size=9)
    ax.imshow(deprocess_image(np.array(image)).reshape(28, 28), cmap=plt.cm.gray)
plt.show()
