# Picks the layer as model.layers[3], taking the 3 from the name conv2d_3. That is conv2d_2, because the
# pooling layer counts too. The images are right for the filters of conv2d_2, and any layer will do, but
# layer_name and the figure say conv2d_3.
#
# /// label
# objective = ["pass", "partial"]
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["layer"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
print("accuracy on the test digits:", model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

# conv2d_3 is layer 3
layer_output = model.layers[3].output
sub_network = keras.Model(model.inputs, layer_output)
print(layer_output.shape)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(sub_network(input_img)[0, ..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 8))
figure.suptitle("what the filters of conv2d_3 respond to")

for i in range(number_of_filters):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
